export { TerminalPage as default } from "../../terminal/terminal-page.tsx";
