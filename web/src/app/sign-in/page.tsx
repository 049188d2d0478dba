export { SignInPage as default } from "../../sign-in/sign-in-page.tsx";
