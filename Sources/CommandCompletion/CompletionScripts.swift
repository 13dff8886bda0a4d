// SPDX-License-Identifier: Apache-2.0

import Console
import LinuxIO
import OCI
import SystemPackage

/// What a shell is given so that it asks this program.
///
/// Nothing that the program answers is run or expanded by the shell: names of a store may be anything.
extension Completion.Shell {
    /// The option that prints one.
    package static let option = "--generate-completion-script"

    /// The script that an option's value means; without one that of the user's shell.
    package static func script(_ name: String?) throws -> String {
        let name = name ?? Environment.path("SHELL")?.lastComponent?.string ?? ""
        guard let shell = Self(rawValue: name) else {
            throw CommandError("\(option): \"\(name.printable)\": there are scripts for bash, zsh and fish")
        }
        return shell.script
    }

    /// The script of a shell.
    var script: String {
        switch self {
        case .bash: Self.bashScript
        case .zsh: Self.zshScript
        case .fish: Self.fishScript
        }
    }

    /// Readline takes words apart at colons and equals signs, and puts an answer in the place of the last part only.
    private static let bashScript = #"""
        # bash completion for cimg
        _cimg() {
            local -a words=()
            local rest=$COMP_LINE word index line value quoted last
            for ((index = 0; index <= COMP_CWORD; index++)); do
                word=${COMP_WORDS[index]}
                if ((index > 0)) && [[ $rest != [[:space:]]* ]]; then
                    words[${#words[@]} - 1]+=$word
                else
                    words+=("$word")
                fi
                rest=${rest#"${rest%%[![:space:]]*}"}
                rest=${rest#"$word"}
            done
            last=${words[${#words[@]} - 1]}
            local cut="" open=""
            case $last in
                [\"\']*) open=${last:0:1} ;;
                *[:=]*) cut=${last%"${last##*[:=]}"} ;;
            esac
            COMPREPLY=()
            while IFS= read -r line; do
                value=${line%%$'\t'*}
                if [[ -n $open ]]; then
                    # Within quotes it stays as it is, so nothing may be in it that ends or escapes them.
                    [[ $value == *[\"\'\$\`\\!]* ]] && continue
                    quoted=$value
                else
                    value=${value#"$cut"}
                    case $value in
                        "~/"*) printf -v quoted '%q' "${value:2}" && quoted="~/$quoted" ;;
                        *) printf -v quoted '%q' "$value" ;;
                    esac
                fi
                COMPREPLY+=("$quoted")
            done < <(command cimg __complete bash "${words[@]:1}" 2>/dev/null)
            if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[:/=,] ]]; then
                compopt -o nospace 2>/dev/null
            fi
        }
        complete -F _cimg cimg

        """#

    private static let zshScript = #"""
        #compdef cimg
        _cimg() {
            local line value about
            local -a plain plainabout open openabout home
            while IFS= read -r line; do
                value=${line%%$'\t'*}
                about=$value
                [[ $line == *$'\t'* ]] && about="$value  -- ${line#*$'\t'}"
                case $value in
                    "~/"*) home+=("~/${(q)value#\~/}") ;;
                    *[:/=,]) open+=("$value") openabout+=("$about") ;;
                    ?*) plain+=("$value") plainabout+=("$about") ;;
                esac
            done < <(command cimg __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
            local -a list
            [[ "$plainabout $openabout" == *'  -- '* ]] && list=(-l)
            (( $#plain )) && compadd $list -d plainabout -a -- plain
            (( $#open )) && compadd $list -S '' -d openabout -a -- open
            (( $#home )) && compadd -Q -S '' -a -- home
            (( $#plain + $#open + $#home ))
        }
        if [[ $funcstack[1] == _cimg ]]; then
            _cimg "$@"
        else
            compdef _cimg cimg
        fi

        """#

    private static let fishScript = #"""
        # fish completion for cimg
        function __cimg_complete
            set -l words (commandline -opc)
            set -l current (commandline -ct)
            command cimg __complete fish $words[2..-1] "$current" 2>/dev/null
        end
        complete -c cimg -f -k -a '(__cimg_complete)'

        """#
}
