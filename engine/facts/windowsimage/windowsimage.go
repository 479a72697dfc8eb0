// Package windowsimage collects the domain "windows_image": how far an image of Windows is generalised, and how it was left.
//
// Sources: Setup\State\ImageState (Microsoft, "Windows Setup states"), SYSTEM\Setup, what sysprep leaves behind, the file of hibernation
// by its signature, and memory that crashes left on the disk.
package windowsimage

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Collector collects the domain "windows_image".
var Collector = facts.New("windows_image", "How far an image of Windows is generalised, and how it was left", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsImage, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	setup, root := h.Key(`HKLM\SYSTEM\Setup`), s.Guest.SystemRoot
	i := &facts.WindowsImage{
		ImageState:       h.Key(`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State`).Text("ImageState"),
		SetupInProgress:  setup.Number("SystemSetupInProgress"),
		SetupType:        setup.Number("SetupType"),
		OOBEInProgress:   setup.Number("OOBEInProgress"),
		CmdLine:          command(setup),
		CloneTag:         setup.Texts("CloneTag"),
		SysprepSucceeded: s.Exists(root + "/System32/Sysprep/Sysprep_succeeded.tag"),
		Rearm:            h.Key(facts.CurrentVersion + `\SoftwareProtectionPlatform`).Number("SkipRearm"),
		FastStartup:      h.Key(facts.ControlSet + `\Control\Session Manager\Power`).Number("HiberbootEnabled"),
		MemoryDump:       s.Exists(root + "/MEMORY.DMP"),
		MachineGUID:      h.Key(`HKLM\SOFTWARE\Microsoft\Cryptography`).Text("MachineGuid"),
	}
	i.Generalized = i.ImageState != nil && strings.Contains(strings.ToUpper(i.ImageState.Value), "_GENERALIZE_")
	i.HibernationFile, i.Hibernated = hibernation(s)
	for _, e := range s.ReadDir(root + "/Minidump") {
		if strings.HasSuffix(strings.ToLower(e.Name), ".dmp") {
			i.Minidumps++
		}
	}
	return i, nil
}

// command is what setup runs, with what looks like a secret blanked.
func command(setup facts.RegistryKey) *facts.Value[string] {
	return facts.MapValue(setup.Text("CmdLine"), facts.Redact)
}

// hibernation reports whether there is a file of hibernation, and whether a session is in it, which its signature tells.
func hibernation(s *facts.Scope) (exists bool, hibernated *bool) {
	const path = "/hiberfil.sys"
	f, err := s.Guest.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, new(false)
	}
	if err != nil {
		s.Problem(path, 0, err)
	}
	if f == nil {
		return true, nil
	}
	const signature = 4
	if f.Size() < signature {
		return true, new(false)
	}
	b, err := binread.ReadAt(f, 0, signature, signature)
	if err != nil {
		s.Problem(path, 0, err)
		return true, nil
	}
	return true, new(strings.EqualFold(string(b), "hibr"))
}
