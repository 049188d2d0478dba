export { ScriptsPage as default } from "../../scripts/scripts-page.tsx";
