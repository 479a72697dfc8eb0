package evidence

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

const (
	maxEnvelope   = 64 << 20 // bytes of a file
	maxSignatures = 16
	// sizeOfSignature is what a signature of ed25519 has, in bytes.
	sizeOfSignature = ed25519.SignatureSize
)

// ErrForm is the kind of errors about a file that is no envelope: damaged, cut off, too large, or made to be read in two ways.
var ErrForm = errors.New("cannot be read as evidence")

// ErrRefused is the kind of errors about evidence that is not to be believed.
var ErrRefused = errors.New("is not to be believed")

// Envelope is a DSSE envelope.
type Envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     string      `json:"payload"` // base64
	Signatures  []Signature `json:"signatures"`

	payload []byte
}

// Signature is one signature of an envelope.
type Signature struct {
	KeyID string `json:"keyid"` // a hint, which nobody vouches for
	Sig   string `json:"sig"`   // base64
}

// pae is the pre-authentication encoding of DSSE: what is signed in place of the payload alone.
func pae(payloadType string, payload []byte) []byte {
	b := []byte("DSSEv1 " + strconv.Itoa(len(payloadType)) + " " + payloadType + " " + strconv.Itoa(len(payload)) + " ")
	return append(b, payload...)
}

// Sign returns the envelope of a statement, on a line of its own.
func (k *PrivateKey) Sign(s *Statement) ([]byte, error) {
	payload, err := s.Bytes()
	if err != nil {
		return nil, err
	}
	sig := ed25519.Sign(k.key, pae(PayloadType, payload))
	b, err := json.Marshal(Envelope{
		PayloadType: PayloadType, Payload: base64.StdEncoding.EncodeToString(payload),
		Signatures: []Signature{{k.ID(), base64.StdEncoding.EncodeToString(sig)}},
	})
	return append(b, '\n'), err
}

// ReadFile reads the envelope in a file.
func ReadFile(name string) (*Envelope, error) {
	b, err := readFile(name, maxEnvelope)
	if err != nil {
		return nil, err
	}
	e, err := Read(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return e, nil
}

// Read reads an envelope, and believes nothing of it. An error is of kind ErrForm or ErrRefused.
func Read(b []byte) (*Envelope, error) {
	if err := plain(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	var e Envelope
	if err := exactly(b, &e); err != nil {
		return nil, err
	}
	if len(e.Signatures) > maxSignatures {
		return nil, fmt.Errorf("%w: %d signatures, want at most %d", ErrForm, len(e.Signatures), maxSignatures)
	}
	var err error
	if e.payload, err = decode(e.Payload); err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrForm, err)
	}
	return &e, nil
}

// exactly decodes an envelope that has its own members and no others: a key or certificate that comes with the evidence proves nothing,
// and neither does anything else that is not signed.
func exactly(b []byte, e *Envelope) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return fmt.Errorf("%w: %w", ErrForm, err)
	}
	if err := only(members, "payloadType", "payload", "signatures"); err != nil {
		return err
	}
	var signatures []map[string]json.RawMessage
	if list, ok := members["signatures"]; ok {
		if err := json.Unmarshal(list, &signatures); err != nil {
			return fmt.Errorf("%w: signatures: %w", ErrForm, err)
		}
	}
	for _, s := range signatures {
		if err := only(s, "keyid", "sig"); err != nil {
			return err
		}
	}
	if err := json.Unmarshal(b, e); err != nil {
		return fmt.Errorf("%w: %w", ErrForm, err)
	}
	return nil
}

// decode decodes base64 in either alphabet, as the specification wants it.
func decode(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		b, err = base64.URLEncoding.Strict().DecodeString(s)
	}
	if err != nil {
		return nil, errors.New("not base64")
	}
	return b, nil
}

// Verify returns the statement, and the trusted key that signed it. Signatures of other keys are passed over, and hints on keys are not
// followed. An error is of kind ErrForm or ErrRefused; nothing of the payload is looked at before a signature holds.
func (e *Envelope) Verify(trusted []Key) (*Statement, Key, error) {
	key, err := e.signer(trusted)
	if err != nil {
		return nil, Key{}, err
	}
	s, err := e.Unverified()
	return s, key, err
}

func (e *Envelope) signer(trusted []Key) (Key, error) {
	if len(e.Signatures) == 0 {
		return Key{}, fmt.Errorf("%w: nobody signed it", ErrRefused)
	}
	signed := pae(e.PayloadType, e.payload)
	for _, s := range e.Signatures {
		sig, err := decode(s.Sig)
		if err != nil || len(sig) != sizeOfSignature {
			continue
		}
		for _, k := range trusted {
			if ed25519.Verify(k.public, signed, sig) {
				return k, nil
			}
		}
	}
	return Key{}, fmt.Errorf("%w: no key of the trust list signed it", ErrRefused)
}

// Unverified returns the statement, whoever signed it or did not.
func (e *Envelope) Unverified() (*Statement, error) {
	if e.PayloadType != PayloadType {
		return nil, fmt.Errorf("%w: the payload is of type %q, want %q", ErrRefused, e.PayloadType, PayloadType)
	}
	if err := plain(e.payload); err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrForm, err)
	}
	var head struct {
		Type          string `json:"_type"`
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(e.payload, &head); err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrForm, err)
	}
	if head.Type != StatementType {
		return nil, fmt.Errorf("%w: a statement of type %q, want %q", ErrRefused, head.Type, StatementType)
	}
	if head.PredicateType != PredicateType {
		return nil, fmt.Errorf("%w: a predicate of type %q, want %q", ErrRefused, head.PredicateType, PredicateType)
	}
	var s Statement
	if err := json.NewDecoder(bytes.NewReader(e.payload)).Decode(&s); err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrForm, err)
	}
	return &s, nil
}
