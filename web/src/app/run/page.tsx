export { RunPage as default } from "../../runs/run-page.tsx";
