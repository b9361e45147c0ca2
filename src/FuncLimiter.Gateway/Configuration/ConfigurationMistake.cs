namespace FuncLimiter.Gateway.Configuration;

/// <summary>One thing wrong with a configuration.</summary>
/// <param name="Path">Where, as a JSON path, for example <c>$.accounts[0].models[1].limits.tpm</c>.</param>
/// <param name="Found">What stands there; a secret is masked.</param>
/// <param name="Fix">What to write instead.</param>
public sealed record ConfigurationMistake(string Path, string Found, string Fix)
{
    /// <summary>The mistake as one line for a person.</summary>
    public override string ToString() => $"{Path}: found {Found}; {Fix}";
}
