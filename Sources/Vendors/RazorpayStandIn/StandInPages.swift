import Foundation

/// What people see of the stand-in.
enum StandInPages {
    static let type = "text/html; charset=utf-8"

    static func page(_ title: String, _ body: String, status: Int = 200) -> StandInAnswer {
        StandInAnswer(
            text: """
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>\(title) (stand-in of Razorpay)</title>
                <style>
                body { font: 16px/1.5 sans-serif; color: #1a1a1a; background: #fff; max-width: 30em; margin: 1em auto;
                  padding: 0 1em; }
                .notice { border: 2px solid #8a4b00; background: #fff4e0; padding: .5em 1em; }
                button { font: inherit; padding: .5em 1em; margin: .2em .2em .2em 0; }
                label { display: block; padding: .2em 0; }
                :focus-visible { outline: 3px solid #0b57d0; }
                </style>
                </head>
                <body>
                <main>
                <p class="notice"><b>Stand-in of Razorpay.</b> This is a test page of your own machine. No money moves.</p>
                <h1>\(title)</h1>
                \(body)
                </main>
                </body>
                </html>

                """, type: type, status: status)
    }

    static let welcome = page(
        "Payments without money",
        """
        <p>In development CareSync pays here. Its checkout opens from CareSync's own pages. What it does wrong can be chosen
        with <code>POST /stand-in/behaviour</code>; the current choice is at
        <a href="/stand-in/behaviour">/stand-in/behaviour</a>.</p>
        """)

    /// What a proxy in front of the vendor would show.
    static let trouble = "<html><head><title>Trouble</title></head><body><h1>Trouble</h1></body></html>\n"

    /// Of paise.
    static func rupees(_ paise: Int64) -> String {
        "₹\(paise / 100).\(String(100 + paise % 100).dropFirst())"
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }

    static func escapedQuery(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-_."))) ?? ""
    }
}

/// The script that a page of a shop includes. It offers what `checkout.js` of the vendor's does, as far as it is documented
/// for a standard checkout.
enum StandInScript {
    static let answer = StandInAnswer(text: text, type: "text/javascript; charset=utf-8")

    private static let text = """
        // The stand-in of Razorpay's checkout: no money moves.
        (function () {
          "use strict";
          var origin = new URL(document.currentScript.src).origin;

          function Razorpay(options) {
            if (!(this instanceof Razorpay)) { return new Razorpay(options); }
            if (!options || !options.key) { throw new Error("No key passed"); }
            this.options = options;
            this.listeners = {};
          }

          Razorpay.prototype.on = function (name, listener) {
            (this.listeners[name] = this.listeners[name] || []).push(listener);
            return this;
          };

          Razorpay.prototype.address = function () {
            var options = this.options;
            var query = new URLSearchParams({key: options.key, name: options.name || ""});
            if (options.callback_url) { query.set("callback_url", new URL(options.callback_url, location.href).href); }
            return origin + "/checkout/" + encodeURIComponent(options.order_id || "") + "?" + query;
          };

          Razorpay.prototype.open = function () {
            if (this.frame) { return; }
            var self = this, options = this.options;
            if (options.redirect && options.callback_url) { location.assign(this.address()); return; }
            var frame = document.createElement("iframe");
            frame.src = this.address();
            frame.title = "Checkout (stand-in of Razorpay)";
            frame.style.cssText = "position:fixed;inset:0;width:100%;height:100%;border:0;background:#fff;z-index:2147483647";
            this.before = document.activeElement;
            this.heard = function (event) {
              if (event.origin !== origin || event.source !== frame.contentWindow || !event.data) { return; }
              var told = event.data.razorpayStandIn;
              if (!told) { return; }
              if (told.type === "failed") {
                (self.listeners["payment.failed"] || []).forEach(function (listener) { listener({error: told.error}); });
              } else if (told.type === "dismissed") {
                self.close();
              } else if (told.type === "paid") {
                self.end();
                if (typeof options.handler === "function") { options.handler(told.response); }
                else if (options.callback_url) { self.send(told.response); }
              }
            };
            window.addEventListener("message", this.heard);
            this.frame = frame;
            document.body.appendChild(frame);
            frame.focus();
          };

          Razorpay.prototype.end = function () {
            if (!this.frame) { return; }
            window.removeEventListener("message", this.heard);
            this.frame.remove();
            this.frame = null;
            if (this.before && this.before.focus) { this.before.focus(); }
          };

          Razorpay.prototype.close = function () {
            if (!this.frame) { return; }
            this.end();
            var modal = this.options.modal;
            if (modal && typeof modal.ondismiss === "function") { modal.ondismiss(); }
          };

          // As the vendor does for shops that have no handler.
          Razorpay.prototype.send = function (response) {
            var form = document.createElement("form");
            form.method = "post";
            form.action = this.options.callback_url;
            Object.keys(response).forEach(function (name) {
              var input = document.createElement("input");
              input.type = "hidden";
              input.name = name;
              input.value = response[name];
              form.appendChild(input);
            });
            document.body.appendChild(form);
            form.submit();
          };

          window.Razorpay = Razorpay;
        })();

        """
}
