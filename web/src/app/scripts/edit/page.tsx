export { EditScriptPage as default } from "../../../scripts/edit-script-page.tsx";
