// SPDX-License-Identifier: Apache-2.0

/// Templates, and what Go 1.19's text/template made of them with docker's functions and the value of `goData`.
let goTable: [(template: String, result: String)] = [
    ("{{.Id}}", "sha256:0123456789abcdef"),
    ("{{.Name}} {{.Size}}", "alpine 7340032"),
    ("{{ .Name }}", "alpine"),
    ("{{.Missing}}", "<no value>"),
    ("{{.Missing.More}}", "<no value>"),
    ("{{.Config.Labels}}", "map[org.x:dots version:1.2 zz:line1\nline2 é:ü]"),
    ("{{.Config.Labels.version}}", "1.2"),
    ("{{.Config.Labels.nope}}", "<no value>"),
    (#"{{index .Config.Labels "org.x"}}"#, "dots"),
    (#"{{index .Config.Labels "nope"}}"#, "<no value>"),
    ("{{index .Tags 0}}", "alpine:3"),
    (#"{{index .Config "Labels" "version"}}"#, "1.2"),
    ("{{(index .Mounts 0).Source}}", "/a"),
    ("{{(index .Mounts 1).Destination}}-{{(index .Mounts 1).RW}}", "/d-false"),
    ("{{index .Mixed 3 0}}", "true"),
    (
        "{{json .}}",
        "{\"Big\":12345678901,\"Config\":{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo \\\"hi\\\"\"],\"Env\":[\"PATH=/bin\",\"A=b=c\"],\"ExposedPorts\":{\"443/tcp\":{},\"80/tcp\":{}},\"Labels\":{\"org.x\":\"dots\",\"version\":\"1.2\",\"zz\":\"line1\\nline2\",\"é\":\"ü\"},\"User\":\"\",\"Volumes\":null},\"Deep\":{\"a\":{\"b\":{\"c\":\"x\"}}},\"Empty\":\"\",\"F\":123456.75,\"Html\":\"<a&b>\",\"Huge\":1e+21,\"Id\":\"sha256:0123456789abcdef\",\"Mixed\":[1,\"two\",null,[true,{\"a\":1}]],\"Mounts\":[{\"Destination\":\"/b\",\"RW\":true,\"Source\":\"/a\"},{\"Destination\":\"/d\",\"RW\":false,\"Source\":\"/c\"}],\"Name\":\"alpine\",\"None\":[],\"Nothing\":null,\"Numbers\":[3,1,2],\"Off\":false,\"On\":true,\"Ratio\":0.25,\"Size\":7340032,\"Tags\":[\"alpine:3\",\"alpine:latest\"],\"Tiny\":1e-7,\"Zero\":0}"
    ),
    (
        "{{json .Config}}",
        "{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo \\\"hi\\\"\"],\"Env\":[\"PATH=/bin\",\"A=b=c\"],\"ExposedPorts\":{\"443/tcp\":{},\"80/tcp\":{}},\"Labels\":{\"org.x\":\"dots\",\"version\":\"1.2\",\"zz\":\"line1\\nline2\",\"é\":\"ü\"},\"User\":\"\",\"Volumes\":null}"
    ),
    ("{{json .Config.Volumes}}", "null"),
    ("{{json .Missing}}", "null"),
    ("{{json .Html}}", "\"<a&b>\""),
    (
        "{{json .Huge}} {{json .Tiny}} {{json .F}} {{.Huge}} {{.Tiny}} {{.F}} {{.Ratio}}",
        "1e+21 1e-7 123456.75 1e+21 1e-07 123456.75 0.25"
    ),
    (
        "{{.}}",
        "map[Big:12345678901 Config:map[Cmd:[/bin/sh -c echo \"hi\"] Env:[PATH=/bin A=b=c] ExposedPorts:map[443/tcp:map[] 80/tcp:map[]] Labels:map[org.x:dots version:1.2 zz:line1\nline2 é:ü] User: Volumes:<nil>] Deep:map[a:map[b:map[c:x]]] Empty: F:123456.75 Html:<a&b> Huge:1e+21 Id:sha256:0123456789abcdef Mixed:[1 two <nil> [true map[a:1]]] Mounts:[map[Destination:/b RW:true Source:/a] map[Destination:/d RW:false Source:/c]] Name:alpine None:[] Nothing:<nil> Numbers:[3 1 2] Off:false On:true Ratio:0.25 Size:7340032 Tags:[alpine:3 alpine:latest] Tiny:1e-07 Zero:0]"
    ),
    ("{{.Mixed}}", "[1 two <nil> [true map[a:1]]]"),
    ("{{.Config.Cmd}}", "[/bin/sh -c echo \"hi\"]"),
    ("{{.None}} {{.Nothing}} {{.Empty}}|", "[] <no value> |"),
    ("{{range .Tags}}{{.}} {{end}}", "alpine:3 alpine:latest "),
    ("{{range .Tags}}{{.}}{{println}}{{end}}", "alpine:3\nalpine:latest\n"),
    ("{{range $i, $e := .Tags}}{{$i}}={{$e}};{{end}}", "0=alpine:3;1=alpine:latest;"),
    ("{{range $e := .Tags}}{{$e}};{{end}}", "alpine:3;alpine:latest;"),
    ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}},{{end}}", "org.x=dots,version=1.2,zz=line1\nline2,é=ü,"),
    ("{{range .None}}x{{else}}none{{end}}", "none"),
    ("{{range .Missing}}x{{else}}none{{end}}", "none"),
    (
        "{{range .Mounts}}{{.Source}}:{{.Destination}}{{if .RW}}:rw{{else}}:ro{{end}} {{end}}",
        "/a:/b:rw /c:/d:ro "
    ),
    ("{{range $p, $c := .Config.ExposedPorts}}{{$p}} -> {{$c}};{{end}}", "443/tcp -> map[];80/tcp -> map[];"),
    ("{{range .Numbers}}{{if eq . 1}}{{continue}}{{end}}{{.}}{{end}}", "32"),
    ("{{range .Numbers}}{{if eq . 1}}{{break}}{{end}}{{.}}{{end}}", "3"),
    ("{{range $i, $e := .Numbers}}{{if $i}}, {{end}}{{$e}}{{end}}", "3, 1, 2"),
    ("{{if .On}}a{{else}}b{{end}}", "a"),
    ("{{if .Off}}a{{else if .On}}b{{else}}c{{end}}", "b"),
    ("{{if .Off}}a{{else if .Zero}}b{{else if .Empty}}e{{else}}c{{end}}", "c"),
    ("{{if .Missing}}a{{else}}b{{end}}", "b"),
    ("{{if and .On .Name}}yes{{end}}", "yes"),
    (
        "{{and .On .Zero .Name}} {{or .Zero .Empty .Name}} {{and .On .Name}} {{or .Off .Zero}}",
        "0 alpine alpine 0"
    ),
    ("{{if not .Off}}yes{{end}}", "yes"),
    ("{{not .Name}} {{not .Empty}}", "false true"),
    ("{{with .Config}}{{.Env}}{{end}}", "[PATH=/bin A=b=c]"),
    ("{{with .Missing}}x{{else}}y{{end}}", "y"),
    ("{{with $x := .Config.Cmd}}{{index $x 0}} {{len .}}{{end}}", "/bin/sh 3"),
    ("{{with .Config}}{{$.Name}}{{end}}", "alpine"),
    ("{{$x := .Name}}{{$x}}", "alpine"),
    ("{{$x := 1}}{{range .Numbers}}{{$x = .}}{{end}}{{$x}}", "2"),
    ("{{$x := 1}}{{range .Numbers}}{{$x := .}}{{end}}{{$x}}", "1"),
    ("{{len .Tags}} {{len .Name}} {{len .Config.Labels}} {{len .None}}", "2 6 4 0"),
    ("{{.Name | len}}", "6"),
    (#"{{.Tags | len | printf "%d tags"}}"#, "2 tags"),
    (
        #"{{.Name | upper}} {{upper .Name}} {{lower "ABC"}} {{title "hello world's don_t x-y é"}}"#,
        "ALPINE ALPINE abc Hello World'S Don_t X-Y É"
    ),
    (#"{{join .Tags ", "}}"#, "alpine:3, alpine:latest"),
    (#"{{join .Config.Env "\n"}}"#, "PATH=/bin\nA=b=c"),
    (#"{{split .Id ":"}} {{index (split .Id ":") 1}}"#, "[sha256 0123456789abcdef] 0123456789abcdef"),
    (#"{{split "abc" ""}} {{len (split "" ",")}}"#, "[a b c] 1"),
    (#"{{truncate .Id 12}} {{truncate "ab" 5}} {{truncate .Id 0}}|"#, "sha256:01234 ab |"),
    (#"{{pad .Name 1 2}}| {{pad "" 3 3}}|"#, " alpine  | |"),
    ("{{slice .Id 7 19}} {{slice .Tags 1}} {{slice .Id 3}}", "0123456789ab [alpine:latest] 256:0123456789abcdef"),
    (
        #"{{print "a" "b"}} {{print 1 2}} {{print 1 "a" 2 3}} {{print .Nothing}} {{print .Missing}} {{print}}"#,
        "ab 1 2 1a2 3 <nil> <nil> "
    ),
    (#"{{println "a" 1}}"#, "a 1\n"),
    (
        #"{{printf "%s %d %v %q %t %%" .Name .Size .Tags .Name .On}}"#,
        "alpine 7340032 [alpine:3 alpine:latest] \"alpine\" true %"
    ),
    (
        #"{{printf "%s" .Tags}} {{printf "%q" .Tags}} {{printf "%d" .Numbers}} {{printf "%v" .Config.Labels}} {{printf "%q" .Config.Labels}}"#,
        "[alpine:3 alpine:latest] [\"alpine:3\" \"alpine:latest\"] [3 1 2] map[org.x:dots version:1.2 zz:line1\nline2 é:ü] map[\"org.x\":\"dots\" \"version\":\"1.2\" \"zz\":\"line1\\nline2\" \"é\":\"ü\"]"
    ),
    (#"{{printf "%s"}} {{printf "%d %d" 1}}"#, "%!s(MISSING) 1 %!d(MISSING)"),
    (#"{{printf "%s" "a" "b"}}"#, "a%!(EXTRA string=b)"),
    (#"{{printf "%s" "a" 1}}"#, "a%!(EXTRA int=1)"),
    (
        #"{{printf "%10s|%-10s|%.3s|%5d|%-5d|%05d|%+d|% d" .Name .Name .Name 42 42 42 42 42}}"#,
        "    alpine|alpine    |alp|   42|42   |00042|+42| 42"
    ),
    (
        #"{{printf "%5v|%-5v|%5t|%q" 1 "a" true "x\"y\\z\n\t\x01é\u200b"}}"#,
        "    1|a    | true|\"x\\\"y\\\\z\\n\\t\\x01é\\u200b\""
    ),
    (#"{{printf "%x %X %x" 255 255 "hi"}} {{printf "%o %b %c" 8 5 65}}"#, "ff FF 6869 10 101 A"),
    (#"{{printf "%s %v %d" .Missing .Missing .Missing}}"#, "%!s(<nil>) <nil> %!d(<nil>)"),
    (#"{{printf "%05d %05s %-05d" -42 "a" 7}}"#, "-0042 0000a 7    "),
    (
        #"{{printf "%v %v" 1.5 .Big}} {{printf "%6v|" .Ratio}} {{printf "%+v" .Mounts}}"#,
        "1.5 12345678901   0.25| [map[Destination:/b RW:true Source:/a] map[Destination:/d RW:false Source:/c]]"
    ),
    (#"{{printf "100%%"}} {{printf "%"}}"#, "100% %!(NOVERB)"),
    (
        #"{{eq .Name "alpine"}} {{eq .Name "x" "alpine"}} {{ne .Name "x"}} {{eq .Size 7340032}} {{eq .On true}} {{eq .Ratio 0.25}}"#,
        "true true true true true true"
    ),
    (#"{{eq .Missing "x"}} {{eq "x" .Missing}}"#, "false false"),
    ("{{eq .Nothing nil}}", "true"),
    (
        #"{{lt 1 2}} {{le 2 2}} {{gt 3 2}} {{ge 2 3}} {{lt "a" "b"}} {{lt 1.5 2.5}} {{gt .Size 1000}}"#,
        "true true true false true true true"
    ),
    ("{{/* a comment */}}x", "x"),
    ("a {{- /* a comment */ -}} b", "ab"),
    ("a {{- .Name -}} b", "aalpineb"),
    (#"a {{- " x " -}} b"#, "a x b"),
    (#"a\#t{{- 1}}"#, "a1"),
    ("{{- 3 -}} x", "3x"),
    ("{{-3}}", "-3"),
    (
        #"{{3}} {{-3}} {{+3}} {{0x1F}} {{0b101}} {{0o17}} {{017}} {{1_000}} {{1e3}} {{1.5e-3}} {{.5}} {{'a'}} {{'\n'}}"#,
        "3 -3 3 31 5 15 15 1000 1000 0.0015 0.5 97 10"
    ),
    (#"{{"a\tb\"c\x41\u00e9\101"}} {{`raw \n "x"`}}"#, "a\tb\"cAéA raw \\n \"x\""),
    ("{{true}} {{false}}", "true false"),
    (
        #"{{(.Name)}} {{(.Config).User}}| {{((.Config).Labels).version}} {{(print "a" (print "b" "c"))}}"#,
        "alpine | 1.2 abc"
    ),
    ("{{print (len .Tags) (index .Tags 0)}}", "2alpine:3"),
    (#"{{`a}}b`}} {{"}}"}}"#, "a}}b }}"),
    ("{{.Config.Env | json}}", "[\"PATH=/bin\",\"A=b=c\"]"),
    (#"{{.Name|upper|lower|title|printf "%q"}}"#, "\"Alpine\""),
    (
        "{{$}} ",
        "map[Big:12345678901 Config:map[Cmd:[/bin/sh -c echo \"hi\"] Env:[PATH=/bin A=b=c] ExposedPorts:map[443/tcp:map[] 80/tcp:map[]] Labels:map[org.x:dots version:1.2 zz:line1\nline2 é:ü] User: Volumes:<nil>] Deep:map[a:map[b:map[c:x]]] Empty: F:123456.75 Html:<a&b> Huge:1e+21 Id:sha256:0123456789abcdef Mixed:[1 two <nil> [true map[a:1]]] Mounts:[map[Destination:/b RW:true Source:/a] map[Destination:/d RW:false Source:/c]] Name:alpine None:[] Nothing:<nil> Numbers:[3 1 2] Off:false On:true Ratio:0.25 Size:7340032 Tags:[alpine:3 alpine:latest] Tiny:1e-07 Zero:0] "
    ),
    ("{{$.Name}} {{$.Config.Labels.version}}", "alpine 1.2"),
    ("{{.Deep.a.b.c}}", "x"),
    ("{{range $k, $v := .Deep}}{{$k}}{{range $j, $w := $v}}{{$j}}{{$w.c}}{{end}}{{end}}", "abx"),
    (#"{{range .Config.Env}}{{if eq (index (split . "=") 0) "PATH"}}{{println .}}{{end}}{{end}}"#, "PATH=/bin\n"),
    (#"{{- range .Config.Env}}\#n {{.}}\#n{{- end}}"#, "\n PATH=/bin\n A=b=c"),
    (#"{{if or (eq .Name "x") (eq .Name "alpine")}}ok{{end}}"#, "ok"),
    (#"{{if and (eq .Name "x") (index .Tags 99)}}ok{{else}}short{{end}}"#, "short"),
    ("{{if .Config.Labels}}{{range $k,$v:=.Config.Labels}}{{$k}}{{end}}{{end}}", "org.xversionzzé"),
    (#"{{.Config.Labels | len}}{{"\n"}}x"#, "4\nx"),
    (#"{{print "\n"}}x"#, "\nx"),
    ("{{.Id | slice}} ", "sha256:0123456789abcdef "),
    ("{{index .Tags}}", "[alpine:3 alpine:latest]"),
    ("{{.Html}} {{.Config.Labels.zz}}", "<a&b> line1\nline2"),
    (
        "{{print 1.0 2.50 100000000.0}} {{1e6}} {{1e20}} {{1e21}} {{1e22}} {{0.0001}} {{0.00001}}",
        "1 2.5 1e+08 1e+06 1e+20 1e+21 1e+22 0.0001 1e-05"
    ),
    (#"{{"a"}}{{"b" -}}   c   {{- "d"}}"#, "abcd"),
    ("{{ $x := .Tags -}} {{ range $x }}{{ . }}{{ end }}", "alpine:3alpine:latest"),
    ("{{.Name}}{{/* x */}}{{.Name}}", "alpinealpine"),
    ("{{with .Config -}} {{.User}} {{- end}}|", "|"),
    (#"{{len "é"}} {{index "é" 0}} {{slice "é" 0 2}}"#, "2 195 é"),
    ("{{range $i, $_ := .Tags}}{{$i}}{{end}}", "01"),
    ("{{.Name}}}}", "alpine}}"),
    ("{ {.Name} }", "{ {.Name} }"),
    ("{{or .Off}} {{and .Name}}", "false alpine"),
    (#"{{eq 1 1 "a"}}"#, "true"),
    (#"{{json .Tags | printf "%s"}}"#, "[\"alpine:3\",\"alpine:latest\"]"),
    ("{{.Big}} {{.Nothing}} {{.On}} {{.Zero}}", "12345678901 <no value> true 0"),
    (
        "{{range .Config}}{{.}};{{end}}",
        "[/bin/sh -c echo \"hi\"];[PATH=/bin A=b=c];map[443/tcp:map[] 80/tcp:map[]];map[org.x:dots version:1.2 zz:line1\nline2 é:ü];;<no value>;"
    ),
    (
        "{{print .Tags .Name .Numbers .Size .On .Config.Volumes}}",
        "[alpine:3 alpine:latest]alpine[3 1 2] 7340032 true <nil>"
    ),
    ("{{println .Tags .Nothing}}", "[alpine:3 alpine:latest] <nil>\n"),
    ("{{.é}} {{.Config.Labels.é}}", "<no value> ü"),
    ("{{$x:=5}}{{$x}} {{$x :=6}}{{$x}}", "5 6"),
]

/// What the tables' templates are filled in with.
let goData = #"""
    {"Id":"sha256:0123456789abcdef","Name":"alpine","Size":7340032,"Big":12345678901,"Ratio":0.25,"Huge":1e21,"Tiny":1e-7,"F":123456.75,"On":true,"Off":false,"Nothing":null,"Zero":0,"Empty":"",
    "Tags":["alpine:3","alpine:latest"],"None":[],"Mixed":[1,"two",null,[true,{"a":1}]],"Numbers":[3,1,2],
    "Config":{"User":"","Env":["PATH=/bin","A=b=c"],"Labels":{"version":"1.2","org.x":"dots","zz":"line1\nline2","é":"ü"},"Cmd":["/bin/sh","-c","echo \"hi\""],"ExposedPorts":{"80/tcp":{},"443/tcp":{}},"Volumes":null},
    "Mounts":[{"Source":"/a","Destination":"/b","RW":true},{"Source":"/c","Destination":"/d","RW":false}],"Html":"<a&b>","Deep":{"a":{"b":{"c":"x"}}}}
    """#
