// The frame before anything is known: same measures, no words, so that nothing jumps when it fills.
import classes from "./frame.module.css";

export function Outline() {
  return (
    <div className={classes.frame} aria-busy="true">
      <div className={classes.rail} />
      <div className={classes.column}>
        <div className={classes.topBar} />
      </div>
    </div>
  );
}
