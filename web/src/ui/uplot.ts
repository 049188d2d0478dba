// uPlot with its styles, as one piece to fetch when a chart is drawn.
import "uplot/dist/uPlot.min.css";

export { default as UPlot } from "uplot";
