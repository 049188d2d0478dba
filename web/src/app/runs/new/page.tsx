export { NewRunPage as default } from "../../../runs/new-run-page.tsx";
