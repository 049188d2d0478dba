// That the console runs: all that it needs to begin has come. Until then load-again.tsx looks after the page.

/** Under which the number of loads in a row that failed is kept for this window. */
export const failedLoadsKey = "sallyport.failedLoads";

export function hasBegun(): void {
  document.documentElement.dataset["begun"] = "";
  sessionStorage.removeItem(failedLoadsKey);
}
