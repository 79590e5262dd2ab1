package notify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"
)

// mailer sends e-mail through one server.
type mailer struct {
	host    string
	options []mail.Option
	from    string
	to      []string
}

// newMail reads smtps://user:password@host:465/?from=a@example.com&to=b@example.com,c@example.com. With smtp,
// the connection is encrypted by STARTTLS; a relay on this machine that cannot do so needs tls=none.
func newMail(u *url.URL) (Receiver, error) {
	query := u.Query()
	m := mailer{host: u.Hostname(), from: query.Get("from"), to: strings.Split(query.Get("to"), ",")}
	if m.from == "" || query.Get("to") == "" {
		return nil, errors.New("an email receiver needs from and to behind a question mark")
	}
	m.options = []mail.Option{mail.WithTimeout(sendLimit)}
	port := 587
	switch {
	case u.Scheme == "smtps":
		m.options, port = append(m.options, mail.WithSSL()), 465
	case u.Scheme == "smtp" && query.Get("tls") == "none":
		m.options, port = append(m.options, mail.WithTLSPolicy(mail.NoTLS)), 25
	case u.Scheme == "smtp":
		m.options = append(m.options, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		return nil, errors.New("the address of an email receiver begins with smtps:// or smtp://")
	}
	if text := u.Port(); text != "" {
		var err error
		if port, err = strconv.Atoi(text); err != nil {
			return nil, errors.New("the port of the mail server is no number")
		}
	}
	m.options = append(m.options, mail.WithPort(port))
	if password, set := u.User.Password(); set {
		m.options = append(m.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	if _, err := m.message(Notice{}); err != nil {
		return nil, errors.New("from or to of an email receiver is no address")
	}
	return m, nil
}

func (m mailer) Service() string { return "email" }

func (m mailer) message(n Notice) (*mail.Msg, error) {
	message := mail.NewMsg()
	if err := errors.Join(message.From(m.from), message.To(m.to...)); err != nil {
		return nil, err
	}
	title, body := n.text()
	if n.URL != "" {
		body += "\n\n" + n.URL
	}
	message.Subject("[quorate] " + title)
	message.SetBodyString(mail.TypeTextPlain, body+"\n")
	return message, nil
}

// Send hands the message over to the server; what becomes of it then is the server's to tell.
func (m mailer) Send(ctx context.Context, n Notice) error {
	message, err := m.message(n)
	if err != nil {
		return fmt.Errorf("email: %w: no message can be made of it", ErrRefused)
	}
	client, err := mail.NewClient(m.host, m.options...)
	if err != nil {
		return fmt.Errorf("email through %s: %w: the server cannot be asked like that", m.host, ErrRefused)
	}
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		if failed, ok := errors.AsType[*mail.SendError](err); ok && !failed.IsTemp() {
			return fmt.Errorf("email through %s: %w: %w", m.host, ErrRefused, err)
		}
		return fmt.Errorf("email through %s: %w", m.host, err)
	}
	return nil
}
