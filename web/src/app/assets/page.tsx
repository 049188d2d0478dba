export { AssetsPage as default } from "../../assets/assets-page.tsx";
