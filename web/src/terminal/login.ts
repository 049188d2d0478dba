/** What a person types for an account that asks. In memory only, until the terminal is open. */
export interface Login {
  username: string;
  password: string;
}
