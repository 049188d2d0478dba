"use client";
export { Missing as default } from "../ui/page-states.tsx";
