export { InvitePage as default } from "../../sign-in/invite-page.tsx";
