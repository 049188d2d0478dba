export { TasksPage as default } from "../../tasks/tasks-page.tsx";
