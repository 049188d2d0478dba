export { NewTicketPage as default } from "../../../tickets/new-ticket-page.tsx";
