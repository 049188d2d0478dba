export { EditTaskPage as default } from "../../../tasks/edit-task-page.tsx";
