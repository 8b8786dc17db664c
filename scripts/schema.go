// Command schema writes schema.txt and schema-more.txt in crates/engine/src/api: the fields of every kind the engine serves, read from
// the Go sources of Kubernetes. Run it once per Kubernetes release:
//
//	go run scripts/schema.go ~/go/pkg/mod/k8s.io 0.37.2 crates/engine/src/api
//
// The format is described in crates/engine/src/api/schema.rs.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
)

type decl struct {
	pkg     string
	file    *ast.File
	spec    *ast.TypeSpec
	doc     string
	imports map[string]string
}

var (
	paths = map[string]string{ // import path -> short name, with the last path element as Go prints it
		"k8s.io/api/core/v1": "core", "k8s.io/api/batch/v1": "batch", "k8s.io/api/apps/v1": "apps",
		"k8s.io/api/autoscaling/v2": "autoscaling", "k8s.io/api/coordination/v1": "coordination",
		"k8s.io/api/discovery/v1": "discovery", "k8s.io/api/networking/v1": "networking",
		"k8s.io/api/policy/v1": "policy", "k8s.io/api/rbac/v1": "rbac", "k8s.io/api/scheduling/v1": "scheduling", "k8s.io/api/scheduling/v1alpha3": "gang",
		"k8s.io/api/node/v1": "node", "k8s.io/api/resource/v1": "resource", "k8s.io/api/admissionregistration/v1": "admissionregistration",
		"k8s.io/api/certificates/v1": "certificates", "k8s.io/api/flowcontrol/v1": "flowcontrol",
		"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1": "apiextensions",
		"k8s.io/api/storage/v1": "storage", "k8s.io/apimachinery/pkg/apis/meta/v1": "meta",
	}
	roots = []string{
		"core.ConfigMap", "core.Endpoints", "core.Event", "core.LimitRange", "core.Namespace", "core.Node",
		"core.PersistentVolumeClaim", "core.PersistentVolume", "core.Pod", "core.PodTemplate",
		"core.ReplicationController", "core.ResourceQuota", "core.Secret", "core.ServiceAccount", "core.Service",
		"apps.ControllerRevision", "apps.DaemonSet", "apps.Deployment", "apps.ReplicaSet", "apps.StatefulSet",
		"autoscaling.HorizontalPodAutoscaler", "batch.CronJob", "batch.Job", "coordination.Lease",
		"discovery.EndpointSlice", "networking.IngressClass", "networking.Ingress", "networking.NetworkPolicy",
		"policy.PodDisruptionBudget", "rbac.ClusterRoleBinding", "rbac.ClusterRole", "rbac.RoleBinding", "rbac.Role",
		"scheduling.PriorityClass", "storage.StorageClass",
		// Those that a learner's manifests bring along now and then; stored and listed, without effect.
		"node.RuntimeClass", "storage.CSIDriver", "storage.VolumeAttributesClass", "resource.DeviceClass", "resource.ResourceClaim",
		"resource.ResourceClaimTemplate", "admissionregistration.ValidatingAdmissionPolicy", "admissionregistration.ValidatingAdmissionPolicyBinding",
		"admissionregistration.MutatingWebhookConfiguration", "admissionregistration.ValidatingWebhookConfiguration",
		"apiextensions.CustomResourceDefinition", "certificates.CertificateSigningRequest", "flowcontrol.FlowSchema",
		"flowcontrol.PriorityLevelConfiguration",
	}
	// What most Jobs and their Pods are made of, besides package batch: schema.txt holds these.
	common = strings.Fields(`meta.ObjectMeta meta.OwnerReference types.UID core.Pod core.PodTemplateSpec core.PodSpec core.PodSecurityContext
		core.Container core.ContainerPort core.EnvVar core.ResourceRequirements core.ResourceList core.ResourceName core.DNSPolicy
		core.RestartPolicy core.PullPolicy core.TerminationMessagePolicy`)
	decls  = map[string]*decl{}
	enums  = map[string][]string{}
	done   = map[string]bool{}
	output = map[string][]string{}
)

func load(dir, short string) {
	fset := token.NewFileSet()
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, f := range files {
		base := filepath.Base(f)
		if strings.HasSuffix(base, "_test.go") || strings.HasPrefix(base, "zz_") || strings.HasPrefix(base, "generated") {
			continue
		}
		parsed, err := parser.ParseFile(fset, f, nil, parser.ParseComments)
		if err != nil {
			panic(err)
		}
		imports := map[string]string{}
		for _, i := range parsed.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			name := filepath.Base(p)
			if i.Name != nil {
				name = i.Name.Name
			}
			imports[name] = p
		}
		for _, d := range parsed.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					doc := g.Doc.Text()
					raw := ""
					for _, c := range []*ast.CommentGroup{g.Doc, s.Doc} {
						if c != nil {
							for _, l := range c.List {
								raw += l.Text + "\n"
							}
						}
					}
					decls[short+"."+s.Name.Name] = &decl{short, parsed, s, doc + raw, imports}
				case *ast.ValueSpec:
					if g.Tok != token.CONST || s.Type == nil {
						continue
					}
					if id, ok := s.Type.(*ast.Ident); ok && len(s.Values) == 1 {
						if lit, ok := s.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
							v, _ := strconv.Unquote(lit.Value)
							enums[short+"."+id.Name] = append(enums[short+"."+id.Name], v)
						}
					}
				}
			}
		}
	}
}

// typeOf renders a Go type in the table's notation; a struct type met on the way is queued.
func typeOf(d *decl, e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.StarExpr:
		t, _ := typeOf(d, e.X)
		return t, true
	case *ast.ArrayType:
		t, _ := typeOf(d, e.Elt)
		if t == "byte" {
			return "bytes", false
		}
		return "[]" + t, false
	case *ast.MapType:
		t, _ := typeOf(d, e.Value)
		k, _ := typeOf(d, e.Key)
		if k != "string" {
			return "{" + k + "}" + t, false
		}
		return "{}" + t, false
	case *ast.Ident:
		switch e.Name {
		case "string", "bool", "int32", "int64", "float64", "byte":
			return e.Name, false
		case "uint8":
			return "byte", false
		case "int":
			return "int", false
		}
		return named(d.pkg + "." + e.Name), false
	case *ast.SelectorExpr:
		p := d.imports[e.X.(*ast.Ident).Name]
		if short, ok := paths[p]; ok {
			return named(short + "." + e.Sel.Name), false
		}
		switch e.Sel.Name {
		case "Quantity", "IntOrString", "RawExtension":
			return e.Sel.Name, false
		case "UID", "NodeName":
			n := "types." + e.Sel.Name
			done[n], output[n] = true, []string{"@" + n + " string"}
			return n, false
		}
		panic("type " + p + "." + e.Sel.Name)
	}
	panic(fmt.Sprintf("%T", e))
}

func named(n string) string {
	switch n {
	case "meta.Time", "meta.MicroTime", "meta.Duration", "meta.FieldsV1":
		return strings.TrimPrefix(n, "meta.")
	case "apiextensions.JSONSchemaProps": // A schema of schemas: taken as it is.
		return "RawExtension"
	}
	emit(n)
	return n
}

func marker(doc, name string) string {
	for _, l := range strings.Split(doc, "\n") {
		l = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l), "//"))
		if strings.HasPrefix(l, "+"+name+"=") {
			return strings.TrimPrefix(l, "+"+name+"=")
		}
		if l == "+"+name {
			return "yes"
		}
	}
	return ""
}

func emit(n string) {
	if done[n] {
		return
	}
	done[n] = true
	d := decls[n]
	if d == nil {
		panic("no type " + n)
	}
	st, ok := d.spec.Type.(*ast.StructType)
	if !ok {
		t, _ := typeOf(d, d.spec.Type)
		l := "@" + n + " " + t
		// Words of a line are told apart by blanks, so values with blanks are left to the validation.
		if t == "string" && len(enums[n]) > 0 && !strings.Contains(strings.Join(enums[n], ""), " ") {
			if marker(d.doc, "enum") != "" {
				l += " +"
			} else {
				l += " -"
			}
			l += strings.Join(enums[n], "|")
		}
		output[n] = []string{l}
		return
	}
	lines := []string{n}
	for _, f := range st.Fields.List {
		doc := ""
		if f.Doc != nil {
			for _, c := range f.Doc.List {
				doc += c.Text + "\n"
			}
		}
		var tag reflect.StructTag
		if f.Tag != nil {
			s, _ := strconv.Unquote(f.Tag.Value)
			tag = reflect.StructTag(s)
		}
		parts := strings.Split(tag.Get("json"), ",")
		opts := strings.Join(parts[1:], ",")
		ty, pointer := typeOf(d, f.Type)
		if ty == "meta.TypeMeta" {
			continue
		}
		if parts[0] == "-" {
			continue
		}
		if len(f.Names) == 0 && parts[0] == "" {
			lines = append(lines, " ^ "+ty)
			continue
		}
		goName := ""
		if len(f.Names) > 0 {
			goName = f.Names[0].Name
		} else {
			goName = ty[strings.LastIndex(ty, ".")+1:]
		}
		l := " " + parts[0]
		if want := strings.ToUpper(parts[0][:1]) + parts[0][1:]; want != goName {
			l += ":" + goName
		}
		l += " " + ty
		flags := ""
		if pointer {
			flags += "*"
		}
		omit := strings.Contains(opts, "omitempty") || strings.Contains(opts, "omitzero")
		if omit {
			flags += "o"
		}
		if !omit && marker(doc, "optional") == "" || marker(doc, "required") != "" {
			flags += "!"
		}
		if flags != "" {
			l += " " + flags
		}
		if lt := marker(doc, "listType"); lt != "" {
			l += " L" + lt
			keys := []string{}
			for _, c := range strings.Split(doc, "\n") {
				c = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(c), "//"))
				if strings.HasPrefix(c, "+listMapKey=") {
					keys = append(keys, strings.Trim(strings.TrimPrefix(c, "+listMapKey="), "\""))
				}
			}
			if len(keys) > 0 {
				l += ":" + strings.Join(keys, ",")
			}
		}
		if lt := marker(doc, "mapType"); lt != "" {
			l += " L" + lt
		}
		if st := marker(doc, "structType"); st != "" {
			l += " L" + st
		}
		if p := tag.Get("patchStrategy"); p != "" {
			l += " P" + p
			if k := tag.Get("patchMergeKey"); k != "" {
				l += ":" + k
			}
		}
		if def := marker(doc, "default"); def != "" {
			l += " D" + strings.ReplaceAll(def, " ", "")
		}
		lines = append(lines, l)
	}
	if m := marker(d.doc, "structType"); m != "" {
		lines[0] += " L" + m
	} else if m := marker(d.doc, "mapType"); m != "" {
		lines[0] += " L" + m
	}
	output[n] = lines
}

func main() {
	base, version := os.Args[1], os.Args[2]
	for p, short := range paths {
		rel := strings.TrimPrefix(p, "k8s.io/")
		mod, rest, _ := strings.Cut(rel, "/")
		load(filepath.Join(base, mod+"@v"+version, rest), short)
	}
	for _, r := range roots {
		emit(r)
	}
	names := []string{}
	for n := range output {
		names = append(names, n)
	}
	sort.Strings(names)
	texts := map[string]string{}
	for _, n := range names {
		file := "schema-more.txt"
		if strings.HasPrefix(n, "batch.") || slices.Contains(common, n) {
			file = "schema.txt"
		}
		texts[file] += strings.Join(output[n], "\n") + "\n"
	}
	for file, text := range texts {
		if err := os.WriteFile(filepath.Join(os.Args[3], file), []byte(text), 0o644); err != nil {
			panic(err)
		}
	}
}
