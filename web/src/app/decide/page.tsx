export { DecidePage as default } from "../../tickets/decide-page.tsx";
