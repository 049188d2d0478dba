"use client";
export { Broken as default } from "../ui/page-states.tsx";
