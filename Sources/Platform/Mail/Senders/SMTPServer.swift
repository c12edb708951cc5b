package import Cryptography

/// A submission server. The connection is always encrypted and the server's certificate checked, before a password or a
/// mail is sent.
package struct SMTPServer: Sendable {
    package enum Security: Sendable {
        /// Plain until `STARTTLS`, which the server must offer (port 587).
        case startTLS
        /// TLS from the first byte (port 465).
        case implicitTLS
    }

    package let host: String
    package let port: Int
    package let security: Security
    package let user: String?
    package let password: SecretBytes?
    /// A file of certificates to trust instead of the system's.
    package let authorities: String?

    package init(
        host: String, port: Int, security: Security, user: String? = nil, password: SecretBytes? = nil,
        authorities: String? = nil
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.password = password
        self.authorities = authorities
    }
}
