export { FleetPage as default } from "../../fleet/fleet-page.tsx";
