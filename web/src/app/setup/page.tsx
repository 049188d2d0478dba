export { SetupPage as default } from "../../sign-in/setup-page.tsx";
