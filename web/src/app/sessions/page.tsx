export { SessionsPage as default } from "../../sessions/sessions-page.tsx";
