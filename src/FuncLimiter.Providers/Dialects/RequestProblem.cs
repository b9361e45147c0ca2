namespace FuncLimiter.Providers.Dialects;

/// <summary>What is wrong with a request, in words for its caller.</summary>
/// <param name="Message">What is wrong and what to send instead.</param>
/// <param name="Param">The parameter's name; null where it is the body as a whole.</param>
/// <param name="Code">A word for programs, as OpenAI uses them, for example <c>missing_required_parameter</c>.</param>
/// <param name="Status">The HTTP status to answer with.</param>
public sealed record RequestProblem(string Message, string? Param, string Code, int Status = 400)
{
    internal static RequestProblem Missing(string name, string what) =>
        new($"Missing required parameter: '{name}'. {what}", name, "missing_required_parameter");

    internal static RequestProblem WrongType(string name, string expected) =>
        new($"Invalid type for '{name}': expected {expected}.", name, "invalid_type");

    internal static RequestProblem Below(string name, long least, string given) =>
        new($"Invalid value for '{name}': expected a number of at least {least}, but got {given}.", name, "integer_below_min_value");

    internal static RequestProblem Above(string name, long most, string given) =>
        new($"Invalid value for '{name}': expected a number of at most {most}, but got {given}.", name, "integer_above_max_value");

    internal static RequestProblem Twice(string name) =>
        new($"The body names '{name}' more than once; send it once.", name, "duplicate_parameter");

    internal static RequestProblem NotJson(string why) => new($"The body is not valid JSON: {why}", null, "invalid_json");
}
