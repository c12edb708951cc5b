import CareSyncCore
import Cryptography
import Foundation

/// Style and script of the page to pay on. They hold nothing of a payment, so their hashes never change.
enum PayPageAssets {
    static let style = """

        :root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5a5a5a; --paper: #fff; --line: #c9c9c9; --act: #0b5d4e; \
        --on: #fff; }
        @media (prefers-color-scheme: dark) {
        :root { --ink: #ececec; --soft: #b4b4b4; --paper: #161819; --line: #4a4a4a; --act: #7fd6c2; --on: #08211c; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
        main { max-width: 34rem; margin: 0 auto; padding: 1.5rem 1rem; overflow-wrap: anywhere; }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
        h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
        .brand { margin: 0 0 .5rem; color: var(--soft); font-weight: 600; }
        dl { display: grid; grid-template-columns: minmax(5rem, max-content) 1fr; gap: .5rem 1rem; margin: 0 0 1.5rem; \
        padding: 1rem 0; border: solid var(--line); border-width: 1px 0; }
        dt { color: var(--soft); }
        dd { margin: 0; font-weight: 600; }
        ul { margin: 0; padding-left: 1.25rem; }
        .button { display: block; width: 100%; min-height: 3rem; padding: .75rem 1rem; border: 0; border-radius: .5rem; \
        background: var(--act); color: var(--on); font: inherit; font-weight: 600; text-align: center; \
        text-decoration: none; cursor: pointer; }
        .button:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }

        """

    static let script = """

        "use strict";
        const pay = document.getElementById("pay");
        const note = document.getElementById("note");
        pay.addEventListener("click", () => {
          if (typeof Razorpay === "undefined") {
            note.textContent = "The payment service could not be loaded. Check your connection and load this page again.";
            return;
          }
          note.textContent = "";
          const checkout = new Razorpay({
            key: pay.dataset.key, order_id: pay.dataset.order, amount: Number(pay.dataset.amount), currency: "INR",
            name: "CareSync", description: pay.dataset.title,
            handler: () => { location.replace(location.pathname + "?paid=1"); },
          });
          checkout.on("payment.failed", () => {
            note.textContent = "This payment failed. You can try again.";
          });
          checkout.open();
        });

        """

    static let styleHash = hash(style)
    static let scriptHash = hash(script)

    private static func hash(_ text: String) -> String {
        "'sha256-\(Data(Digest.sha256(Array(text.utf8))).base64EncodedString())'"
    }
}
