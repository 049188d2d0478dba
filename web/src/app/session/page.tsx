export { SessionPage as default } from "../../sessions/session-page.tsx";
