// Noto Sans SC, split by unicode range: the browser fetches only the pieces whose characters are on the screen.
import "@fontsource/noto-sans-sc/400.css";
import "@fontsource/noto-sans-sc/600.css";
