// Gets a certificate as a user with a TSIG key does: by lego's library and its provider for RFC 2136.
//
//	lego DIRECTORY NAME_SERVER NAME…
//
// The provider reads RFC2136_…; the directory's own TLS is checked against LEGO_CA_CERTIFICATES. The chain goes to
// standard output.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"log"
	"os"

	"github.com/go-acme/lego/v4/certificate"
	"github.com/go-acme/lego/v4/challenge/dns01"
	"github.com/go-acme/lego/v4/lego"
	"github.com/go-acme/lego/v4/providers/dns/rfc2136"
	"github.com/go-acme/lego/v4/registration"
)

func main() {
	chain, err := obtain(os.Args[1], os.Args[2], os.Args[3:])
	if err == nil {
		_, err = os.Stdout.Write(chain)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func obtain(directory, nameServer string, names []string) ([]byte, error) {
	client, err := newClient(directory, nameServer)
	if err != nil {
		return nil, err
	}
	obtained, err := client.Certificate.Obtain(certificate.ObtainRequest{Domains: names, Bundle: true})
	if err != nil {
		return nil, err
	}
	return obtained.Certificate, nil
}

// newClient has an account of its own. The one server that it looks at stands on a port that no NS record could name.
func newClient(directory, nameServer string) (*lego.Client, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	account := &account{key: key}
	config := lego.NewConfig(account)
	config.CADirURL = directory
	client, err := lego.NewClient(config)
	if err != nil {
		return nil, err
	}
	provider, err := rfc2136.NewDNSProvider()
	if err != nil {
		return nil, err
	}
	err = client.Challenge.SetDNS01Provider(provider,
		dns01.AddRecursiveNameservers([]string{nameServer}),
		dns01.DisableAuthoritativeNssPropagationRequirement(),
		dns01.RecursiveNSsPropagationRequirement())
	if err != nil {
		return nil, err
	}
	account.registration, err = client.Registration.Register(registration.RegisterOptions{TermsOfServiceAgreed: true})
	return client, err
}

// account implements registration.User.
type account struct {
	key          crypto.PrivateKey
	registration *registration.Resource
}

func (*account) GetEmail() string                          { return "" }
func (a *account) GetRegistration() *registration.Resource { return a.registration }
func (a *account) GetPrivateKey() crypto.PrivateKey        { return a.key }
