// The mark: an arrow going out through an arch.

export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <path d="M4 21V11a8 8 0 0 1 16 0v2.5" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />
      <path d="M8.5 21v-9.5a3.5 3.5 0 0 1 5.2-3" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" opacity=".5" />
      <path
        d="M11 17h10m-3.6-3.8L21.2 17l-3.8 3.8"
        stroke="currentColor"
        strokeWidth="2.2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
