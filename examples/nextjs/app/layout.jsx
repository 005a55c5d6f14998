import Link from "next/link";
import Script from "next/script";

export const metadata = { title: { default: "Harbour Bikes", template: "%s · Harbour Bikes" } };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <nav>
          <Link href="/">Bikes</Link> <Link href="/pricing">Prices</Link>
        </nav>
        {children}
        <Script
          src={`${process.env.NEXT_PUBLIC_PORCHLIGHT_EDGE}/widget.js`}
          data-site={process.env.NEXT_PUBLIC_PORCHLIGHT_SITE}
        />
      </body>
    </html>
  );
}
