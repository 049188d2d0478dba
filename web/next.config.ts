// How the console is built: a static export that the hub serves, so no React server runs beside its secrets.
import type { NextConfig } from "next";

const config: NextConfig = {
  output: "export",
  reactStrictMode: true,
  transpilePackages: ["@sallyport/protocol", "@sallyport/hub"],
  images: { unoptimized: true },
  typescript: { ignoreBuildErrors: true },
  experimental: { optimizePackageImports: ["@mantine/core", "@mantine/hooks", "@tabler/icons-react"] },
};

export default config;
