export { ReachPage as default } from "../../assets/reach-page.tsx";
