export { AuditPage as default } from "../../audit/audit-page.tsx";
