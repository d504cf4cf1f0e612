package chat

import (
	"context"
	"errors"
)

// Run chats until the person leaves, the input has been sent, the server ends it for good, or ctx is cancelled (which
// counts as leaving). Errors that a person can do something about are *human.Error values; nil means that everything
// typed or piped in was acknowledged by the server. The terminal is restored before Run returns.
func Run(ctx context.Context, o Options) error {
	if _, err := o.withDefaults(); err != nil {
		return err
	}
	return errors.New("chat: not written yet")
}
