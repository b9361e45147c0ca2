using FuncLimiter.Simulation.Providers.Answers;
using FuncLimiter.Simulation.Providers.Enforcement;
using FuncLimiter.Simulation.Providers.Faults;

namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary>What became of a call at the door.</summary>
/// <param name="Plan">Its answer; null where it was refused or shed.</param>
/// <param name="Refusal">Why it was refused, where it was.</param>
/// <param name="Fault">What is to go wrong with it, where something is.</param>
/// <param name="InputCharged">Input tokens taken on the estimate, to be corrected.</param>
internal readonly record struct Admission(AnswerPlan? Plan, LimitRefusal? Refusal, Fault? Fault, long InputCharged);
