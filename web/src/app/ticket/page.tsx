export { TicketPage as default } from "../../tickets/ticket-page.tsx";
