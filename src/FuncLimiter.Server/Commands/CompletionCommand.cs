using System.CommandLine;

namespace FuncLimiter.Server.Commands;

/// <summary><c>completion SHELL</c>: a script that lets a shell complete commands and options, by asking the server's own parser.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # FuncLimiter for bash: source this, for example from ~/.bashrc.
        _funclimiter_complete() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _funclimiter_complete FuncLimiter.Server funclimiter

        """;

    private const string Zsh = """
        # FuncLimiter for zsh: source this, for example from ~/.zshrc, after compinit.
        _funclimiter_complete() {
          local -a suggestions
          suggestions=("${(@f)$("${words[1]}" "[suggest:${#BUFFER}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a suggestions || _files
        }
        compdef _funclimiter_complete FuncLimiter.Server funclimiter

        """;

    private const string PowerShell = """
        # FuncLimiter for PowerShell: dot-source this, for example from $PROFILE.
        Register-ArgumentCompleter -Native -CommandName FuncLimiter.Server, funclimiter -ScriptBlock {
          param($wordToComplete, $commandAst, $cursorPosition)
          & $commandAst.CommandElements[0].Value "[suggest:$cursorPosition]" "$commandAst" 2>$null |
            Where-Object { $_ -like "$wordToComplete*" } |
            ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }

        """;

    private static readonly Dictionary<string, string> Scripts = new(StringComparer.Ordinal) { ["bash"] = Bash, ["zsh"] = Zsh, ["pwsh"] = PowerShell };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or pwsh." };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completion", "Prints a script that completes commands and options in a shell.") { shell };
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(Scripts[parsed.GetRequiredValue(shell)]));
        return command;
    }
}
