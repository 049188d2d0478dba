export { GrantsPage as default } from "../../grants/grants-page.tsx";
