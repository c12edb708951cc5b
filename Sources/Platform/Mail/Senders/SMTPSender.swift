import CCurl
import Concurrency
import Cryptography

/// Submits mail to an SMTP server (RFC 6409) through libcurl, one connection a mail, each on a thread of its own.
package struct SMTPSender: MailSender {
    package let server: SMTPServer
    /// A server that has accepted a mail twice delivers it twice.
    package let isIdempotent = false

    private let longest: Int

    package init(server: SMTPServer) {
        self.init(server: server, longest: MailSending.longest)
    }

    /// - Parameter longest: seconds for a mail; another than usual for tests.
    init(server: SMTPServer, longest: Int) {
        self.server = server
        self.longest = longest
    }

    package func send(_ message: MailMessage) async -> MailOutcome {
        do {
            return try await OwnThread.run("mail") { submit(message) }
        } catch {
            return .temporaryFailure(code: "NO_THREAD")
        }
    }

    private func submit(_ message: MailMessage) -> MailOutcome {
        guard let transfer = CurlLibrary.shared?.transfer() else {
            return .temporaryFailure(code: "SMTP_LIBRARY_MISSING")
        }
        let scheme = server.security == .implicitTLS ? "smtps" : "smtp"
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        // The path is the name we greet with.
        transfer.set(CURLOPT_URL, "\(scheme)://\(host):\(server.port)/\(message.from.address.host)")
        transfer.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        transfer.set(CURLOPT_PROXY, "")  // None, whatever the environment says.
        transfer.set(CURLOPT_NOSIGNAL, 1)
        // Until the server has greeted us and knows who we are.
        transfer.set(CURLOPT_CONNECTTIMEOUT_MS, longest * 1000 / 3)
        transfer.set(CURLOPT_TIMEOUT_MS, longest * 1000)
        // An attacker who strips STARTTLS from the server's offer gets nothing.
        transfer.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
        transfer.set(CURLOPT_SSLVERSION, Self.tls12)
        transfer.set(CURLOPT_SSL_VERIFYPEER, 1)
        transfer.set(CURLOPT_SSL_VERIFYHOST, 2)
        if let authorities = server.authorities { transfer.set(CURLOPT_CAINFO, authorities) }
        if let user = server.user { transfer.set(CURLOPT_USERNAME, user) }
        if let password = server.password {
            transfer.set(CURLOPT_PASSWORD, String(decoding: password.bytes, as: UTF8.self))
        }
        transfer.set(CURLOPT_MAIL_FROM, "<\(message.from.address)>")
        transfer.setRecipient("<\(message.to)>")
        let upload = CurlUpload(MIMEDocument(message).bytes)
        let (result, response) = transfer.run(uploading: upload)
        return Self.outcome(result, response, isHandedOver: upload.isHandedOver)
    }

    /// `CURL_SSLVERSION_TLSv1_2`.
    private static let tls12 = 6

    /// A reply decides, whatever follows. Without one, the mail's fate is unknown once its last byte was sent.
    static func outcome(_ result: CURLcode, _ response: Int, isHandedOver: Bool) -> MailOutcome {
        switch (result, response) {
        case (CURLE_OK, _): .sent
        case (_, 400..<500): .temporaryFailure(code: "SMTP_\(response)")
        case (_, 500..<600): .permanentFailure(code: "SMTP_\(response)")
        case _ where isHandedOver: .unknown(code: "SMTP_CURL_\(result.rawValue)")
        case (CURLE_LOGIN_DENIED, _): .permanentFailure(code: "SMTP_LOGIN_DENIED")
        default: .temporaryFailure(code: "SMTP_CURL_\(result.rawValue)")
        }
    }
}
