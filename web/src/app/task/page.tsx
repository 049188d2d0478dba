export { TaskPage as default } from "../../tasks/task-page.tsx";
