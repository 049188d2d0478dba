export { BreakGlassPage as default } from "../../tickets/break-glass-page.tsx";
