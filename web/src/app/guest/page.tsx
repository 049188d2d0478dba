export { GuestPage as default } from "../../people/guest-page.tsx";
