export { RunsPage as default } from "../../runs/runs-page.tsx";
