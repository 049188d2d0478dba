/** What a person types for an account that asks. In memory only, until the terminal is open. */
export interface Login {
  username: string;
  /** Absent where the agent signs in with a key of its host. */
  password?: string;
}
