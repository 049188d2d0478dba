export { ReviewPage as default } from "../../reviews/review-page.tsx";
