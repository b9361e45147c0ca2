namespace FuncLimiter.Simulation.Providers.Requests;

/// <summary>A request that no model could answer.</summary>
/// <param name="Message">What is wrong.</param>
/// <param name="Parameter">The field at fault, or null.</param>
/// <param name="Code">OpenAI's code for it, or null.</param>
internal sealed record RequestProblem(string Message, string? Parameter, string? Code);
